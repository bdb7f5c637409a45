import { signal } from '@preact/signals';
import { Icon, type IconName } from './icon';

const words = signal('');
const icon = signal<IconName>('check');
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells the person, also by a screen reader, without taking the focus. */
export function say(text: string, sign: IconName = 'check'): void {
  words.value = text;
  icon.value = sign;
  clearTimeout(timer);
  timer = setTimeout(() => (words.value = ''), 6_000);
}

export function Toast() {
  return (
    <div class="toast-place" role="status" aria-live="polite">
      {words.value && (
        <p class="toast">
          <Icon name={icon.value} /> {words.value}
        </p>
      )}
    </div>
  );
}
