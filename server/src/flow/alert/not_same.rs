//! Two alerts are not the same thing: the suggestion is withdrawn, and the machine neither joins nor suggests them again.

use uuid::Uuid;

use super::operation::{Asked, Done, OperationKind, Trace};
use super::queries::operation as queries;
use super::shift::{Doing, Pair, replayed, require_there};
use crate::flow::command::Command;
use crate::http::problem::Problem;

/// Keeps two alerts apart.
///
/// # Errors
/// [`crate::http::problem::Kind::Conflict`] when one was merged away; what `Pair::lock` refuses.
pub async fn not_same(command: &mut Command, id: Uuid, other: Uuid, asked: Asked<'_>) -> Result<Done, Problem> {
    let mut pair = Pair::lock(command, (id, other), "as", &[]).await?;
    if let Some(done) = replayed(command, &asked).await? {
        return Ok(done);
    }
    pair.current(asked.expected)?;
    require_there(&pair.from)?;
    require_there(&pair.to)?;
    let town = command.town.id;
    let reports = |alert: Uuid| -> Vec<Uuid> { pair.of(alert).map(|member| member.id).collect() };
    let (of_one, of_other) = (reports(id), reports(other));
    let trace = Trace {
        suggested: queries::set_ties(&command.tx, town, (id, other), "suggested", "dismissed").await? > 0,
        ..Trace::default()
    };
    let doing = Doing {
        asked,
        kind: OperationKind::NotSame,
        action: "keep_alerts_apart",
        role: pair.role,
        undoes: None,
    };
    let operation = doing.keep(command, [&mut pair.from, &mut pair.to], &trace).await?;
    queries::keep_verdicts(&command.tx, &operation, &of_one, other, false).await?;
    queries::keep_verdicts(&command.tx, &operation, &of_other, id, false).await?;
    Ok(doing.done([pair.from, pair.to], trace, command.now))
}
