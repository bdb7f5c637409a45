import assert from 'node:assert/strict';
import { enrol } from './tablet.mjs';
import { scenes } from './scenes.mjs';
import { alertOf, fieldActions, giveTasks, photoOf, until } from './town.mjs';
import { act, keptForOffline, newAlert, pressSend, queueOf } from './crew.mjs';

const kinds = ['accept', 'start', 'done', 'note', 'made_safe', 'need_material', 'not_found', 'not_ours', 'dangerous', 'pause'];

/** What was recorded, without how often it was tried to be sent. */
const held = ({ actions, photos, bytes }) => ({ payloads: actions.map((item) => item.payload), photos: photos.map((photo) => photo.id), bytes });

/** Twenty actions, each with a photo but those that take none; the browser is killed twice. */
async function work(tablet, tasks, photos) {
  let made = 0;
  const plan = [
    ...kinds.slice(0, 3).map((kind) => [0, kind]), ['new'], [1, 'start'], [1, 'note'], [1, 'pause'], [2, 'note'], 'kill', [2, 'start'], [2, 'done'], [3, 'made_safe'],
    [3, 'note'], [4, 'need_material'], 'kill', [5, 'dangerous'], [5, 'note'], [6, 'note'], ['new'], [7, 'not_found'], [8, 'requalify'], [9, 'not_ours'],
  ];
  for (const [index, step] of plan.entries()) {
    if (step === 'kill') {
      const had = held(await queueOf(tablet.page));
      await tablet.killAndOpen({ offline: true });
      await tablet.page.locator('.shift').waitFor();
      assert.deepEqual(held(await queueOf(tablet.page)), had, 'the tablet has what it had');
      continue;
    }
    if (step[0] === 'new') await newAlert(tablet.page, photos[index % photos.length], index);
    else await act(tablet.page, tasks[step[0]], step[1], photos[index % photos.length]);
    made += 1;
    // What the screen said is in the database: nothing else is asked of it before the page may die.
    assert.equal((await queueOf(tablet.page)).actions.length, made);
  }
  return made;
}

export async function shiftWithoutNetwork({ front, device, tablet }) {
  const photos = await scenes(tablet.page);
  const tasks = await giveTasks(device.crewId, 10);
  await enrol(tablet.page, device.code, device.agent.name);
  await tablet.page.locator('.card').first().waitFor();
  await keptForOffline(tablet.page);

  await tablet.context.setOffline(true);
  const made = await work(tablet, tasks, photos);
  const before = await queueOf(tablet.page);
  assert.equal(made, 20);
  assert.ok(before.actions.every((item) => item.state === 'queued'));
  assert.ok(before.photos.length >= 15, `${before.photos.length} photos`);
  console.log(`      ${made} actions and ${before.photos.length} photos on the tablet, ${(before.bytes / 1e6).toFixed(1)} MB`);

  // Back in town, where the network is bad: one fault after the other, for actions and for photos, and an answer that gets lost.
  front.next({
    actions: ['broken', 'gateway401', 'portal', 'signedOut', 'signedOut', 'forbidden', 'cut', 'busy', 'lost'],
    photos: ['broken', 'portal', 'lost', 'cut', 'gateway401', 'signedOut', 'forbidden', 'portal', 'lost'],
    // The tokens of the next refresh never arrive: the tablet asks again with the one before, and nobody has to type a PIN.
    refresh: ['lost'],
  });
  await tablet.context.setOffline(false);
  await until('everything is sent', async () => {
    await pressSend(tablet.page);
    const { actions, photos } = await queueOf(tablet.page);
    return front.left() === 0 && actions.every((item) => item.state !== 'queued') && photos.every((photo) => photo.state === 'sent');
  }, 240_000);
  await checkServer(front, tablet, before, device.agent);
}

async function checkServer(front, tablet, before, agent) {
  const { actions } = await queueOf(tablet.page);
  assert.deepEqual(actions.map((item) => item.payload).sort(), before.actions.map((item) => item.payload).sort(), 'payloads are frozen');
  const tally = {};
  for (const item of actions) tally[item.state] = (tally[item.state] ?? 0) + 1;
  console.log('      receipts:', JSON.stringify(tally));
  const toDecide = await fieldActions();
  for (const item of actions) await supervisorSees(item, agent, toDecide);
  for (const photo of before.photos) {
    const view = await until(`photo ${photo.id} is readable`, async () => {
      const found = await photoOf(photo.id).catch(() => null);
      return found?.state === 'ready' ? found : null;
    });
    assert.ok(view.links);
  }
  const posts = front.seen.filter((request) => request.path === '/v1/sync/actions');
  console.log(`      ${posts.length} times asked for the actions, ${front.seen.filter((each) => each.path.startsWith('/v1/uploads')).length} requests for photos, ${front.seen.filter((each) => each.fault).length} of them met by a fault`);
}

/** What the tablet did stands once where the supervisor looks: in the alert if it took effect, in the list of what waits if not. */
async function supervisorSees(item, agent, toDecide) {
  const what = `${item.kind}, ${item.state}, ${JSON.stringify(item.receipt)}`;
  if (item.state !== 'applied') {
    assert.equal(item.state, 'waiting', what);
    assert.deepEqual(toDecide.filter((each) => each.id === item.id).map((each) => each.agent_id), [agent.id], what);
    return;
  }
  const alert = await alertOf(item.receipt.alert_id);
  if (item.kind === 'new_alert') {
    const own = JSON.parse(item.payload).report.id;
    assert.equal(alert.reports.filter((report) => report.id === own).length, 1, `${what}: its report stands in the alert once`);
    return;
  }
  assert.deepEqual(alert.history.filter((event) => event.id === item.id).map((event) => event.by_user), [agent.id], `${what}: once in the history, as the agent’s`);
}
