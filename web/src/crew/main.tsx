import { render } from 'preact';
import './styles/base.css';
import './styles/parts.css';
import './styles/boxes.css';
import './styles/day.css';
import './styles/forms.css';
import './styles/map.css';
import './styles/pages.css';
import { App, lockIfIdle } from './app';
import { install } from './install';
import { start } from './state';
import { startLoop } from './sync-loop';

async function open(): Promise<void> {
  await start();
  await lockIfIdle();
  render(<App />, document.getElementById('app')!);
  startLoop();
  await install();
}

void open();
