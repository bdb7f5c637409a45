// What is wrong with a field, in words that its field names by `aria-describedby`.
import { Icon } from './icon';

export function Wrong({ id, words }: { id: string; words: string | undefined }) {
  return words ? (
    <p class="wrong" id={`${id}-wrong`}>
      <Icon name="warning" size={20} /> {words}
    </p>
  ) : null;
}
