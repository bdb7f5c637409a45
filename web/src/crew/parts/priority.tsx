// Priority by shape, number of the stop and words; colour comes on top for those who see it.
import { t, type Key } from '../../shared/i18n';

// 4 is the most urgent.
const shapes: Record<number, string> = {
  4: 'M12.5 2h15L38 12.5v15L27.5 38h-15L2 27.5v-15z',
  3: 'M20 1 39 20 20 39 1 20z',
  2: 'M4 4h32v32H4z',
  1: 'M20 2a18 18 0 1 1 0 36 18 18 0 0 1 0-36z',
};

export const priorityName = (priority: number) => t(`priority.${Math.min(4, Math.max(1, priority))}` as Key);

export function Shape({ priority, text, size = 40, done = false }: { priority: number; text: string | number; size?: number; done?: boolean }) {
  const level = Math.min(4, Math.max(1, priority));
  return (
    <svg class={`shape p${level}${done ? ' done' : ''}`} width={size} height={size} viewBox="0 0 40 40" aria-hidden="true" focusable="false">
      <path d={shapes[level]} />
      <text x="20" y="26.5" text-anchor="middle">
        {done ? '✓' : text}
      </text>
    </svg>
  );
}
