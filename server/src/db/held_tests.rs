use super::*;

#[tokio::test]
async fn one_after_the_other_is_fine() {
    one_at_a_time(async {
        for _ in 0..3 {
            let held = Held::ask();
            tokio::task::yield_now().await;
            drop(held);
        }
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "while another is held")]
async fn a_second_one_beside_the_first_is_refused() {
    one_at_a_time(async {
        let _first = Held::ask();
        tokio::task::yield_now().await;
        let _second = Held::ask();
    })
    .await;
}

#[tokio::test]
async fn other_pieces_of_work_are_not_counted() {
    let piece = || {
        one_at_a_time(async {
            let _held = Held::ask();
            tokio::task::yield_now().await;
        })
    };
    // Side by side in one task, inside a piece that holds none.
    one_at_a_time(async { tokio::join!(piece(), piece()) }).await;
    one_at_a_time(async {
        let _held = Held::ask();
        let spawned = tokio::spawn(async {
            let _held = Held::ask();
        });
        spawned.await.unwrap();
    })
    .await;
    // Outside of any piece nobody counts.
    let (_one, _two) = (Held::ask(), Held::ask());
}
