import { signal } from '@preact/signals';
import { Icon } from './icon';

const words = signal('');
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells the person, also by a screen reader, without taking the focus. */
export function say(text: string): void {
  words.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => (words.value = ''), 6_000);
}

export function Toast() {
  return (
    <div class="toast-place" role="status" aria-live="polite">
      {words.value && (
        <p class="toast">
          <Icon name="check" /> {words.value}
        </p>
      )}
    </div>
  );
}
