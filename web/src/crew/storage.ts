// What people are told when the tablet cannot keep something.
import { t } from '../shared/i18n';
import { say } from './parts/toast';

export function storageWords(error: unknown): string {
  return t(error instanceof DOMException && error.name === 'QuotaExceededError' ? 'storage.full' : 'storage.failed');
}

export function sayStorage(error: unknown): void {
  say(storageWords(error), 'warning');
}
