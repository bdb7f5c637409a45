import assert from 'node:assert/strict';
import { act, exchanged, queueOf } from './crew.mjs';
import { enrol } from './tablet.mjs';
import { giveTasks, openTasks, until } from './town.mjs';

/** Without network a crew gives a job to another: the other has it with the reason, and this tablet lets it go. */
export async function anotherCrewHasIt({ tablet, device }) {
  const { page, context } = tablet;
  const [task] = await giveTasks(device.crewId, 1);
  const alert = (await openTasks()).find((each) => each.id === task).alert.id;
  await enrol(page, device.code, device.agent.name);
  await page.locator('.card').first().waitFor();
  await exchanged(page);
  await context.setOffline(true);
  await act(page, task, 'hand_over');
  const [item] = (await queueOf(page)).actions;
  const { crew_id: other, reason } = JSON.parse(item.payload);
  assert.notEqual(other, device.crewId, 'one’s own crew is no choice');
  assert.ok(reason, 'it says why');
  await context.setOffline(false);
  const theirs = await until('the other crew has it', async () => {
    await page.locator('.summary button:not([disabled])').click({ timeout: 1000 }).catch(() => undefined);
    return (await openTasks()).find((each) => each.alert.id === alert && each.crew_id === other);
  });
  assert.equal(theirs.instructions, reason);
  await until('this tablet lets it go', async () => {
    const held = await page.evaluate(
      (id) =>
        new Promise((resolve) => {
          const opening = indexedDB.open('vigie-crew');
          opening.onsuccess = () => {
            const asking = opening.result.transaction('tasks').objectStore('tasks').get(id);
            asking.onsuccess = () => (opening.result.close(), resolve(asking.result));
          };
        }),
      task,
    );
    return !held;
  });
}
