import { render } from 'preact';
import './styles/base.css';
import './styles/parts.css';
import './styles/boxes.css';
import './styles/day.css';
import './styles/forms.css';
import './styles/map.css';
import './styles/pages.css';
import { t } from '../shared/i18n';
import { App, lockIfIdle } from './app';
import { install } from './install';
import { start } from './state';
import { startLoop } from './sync-loop';

function Broken() {
  return (
    <main class="door">
      <div class="door-card">
        <h1>{t('app.name')}</h1>
        <p class="callout bad" role="alert">{t('storage.closed')}</p>
        <button type="button" class="button primary" onClick={() => location.reload()}>{t('storage.reload')}</button>
      </div>
    </main>
  );
}

/** The browser does not give the tablet's data: better said than a white page. */
function showBroken(): void {
  render(<Broken />, document.getElementById('app')!);
}

async function open(): Promise<void> {
  await start(showBroken);
  await lockIfIdle();
  render(<App />, document.getElementById('app')!);
  startLoop();
  await install();
}

open().catch(showBroken);
