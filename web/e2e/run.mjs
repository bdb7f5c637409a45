// The proof: a shift without network, twenty actions with photos, the browser killed twice, a bad network on the way back, and then
// everything on the server once, with all photos. Two who share a tablet, a revoked one. Also: axe on each screen, and the keyboard alone.
import assert from 'node:assert/strict';
import { openFront } from './front.mjs';
import { announceTablet, revokeTablet, target } from './town.mjs';
import { openTablet } from './tablet.mjs';
import { shiftWithoutNetwork } from './shift.mjs';
import { twoShareATablet } from './shared.mjs';
import { everyScreenIsAccessible } from './axe.mjs';
import { keyboardAlone } from './keyboard.mjs';
import { backgroundSends } from './background.mjs';
import { refusedIsCorrected } from './refused.mjs';
import { anotherCrewHasIt } from './handed.mjs';
import { formOutlivesItsTask } from './withdrawn.mjs';
import { lockedTabletForgets, revokedTabletForgets } from './revoked.mjs';

const only = process.argv[2];
const plays = { shiftWithoutNetwork, twoShareATablet, backgroundSends, refusedIsCorrected, anotherCrewHasIt, formOutlivesItsTask, everyScreenIsAccessible, keyboardAlone, revokedTabletForgets, lockedTabletForgets };
let failed = 0;
for (const [name, play] of Object.entries(plays)) {
  if (only && name !== only) continue;
  const front = await openFront({ target });
  const device = await announceTablet(`e2e ${name}`);
  const tablet = await openTablet({ url: front.url });
  try {
    const began = Date.now();
    await play({ front, device, tablet, revoke: () => revokeTablet(device.device_id) });
    assert.deepEqual(tablet.errors.filter((error) => !expected(error)), [], 'errors in the console');
    console.log(`ok    ${name} (${Math.round((Date.now() - began) / 1000)} s)`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${name}\n`, error);
    await tablet.page.screenshot({ path: `screenshots/failed-${name}.png` }).catch(() => undefined);
  } finally {
    await tablet.end();
    front.close();
  }
}
process.exit(failed ? 1 : 0);

/** What the browser itself writes when a request fails, which the plays provoke. */
function expected(error) {
  return /^Failed to load resource: (net::ERR_|the server responded with a status of (401|403|404|409|429|500))/.test(error);
}
