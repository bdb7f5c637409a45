import { t } from '../../shared/i18n';
import { askingPosition, locating } from '../act';
import { Sheet } from './sheet';
import { Icon } from './icon';

export function PositionDialogs() {
  const answer = askingPosition.value;
  const skip = locating.value;
  if (answer) {
    return (
      <Sheet title={t('position.title')} close={() => answer('later')}>
        <p>{t('position.why')}</p>
        <p>{t('position.limits')}</p>
        <div class="row-buttons">
          <button type="button" class="button primary" onClick={() => answer('allowed')}>
            <Icon name="pin" /> {t('position.allow')}
          </button>
          <button type="button" class="button" onClick={() => answer('never')}>
            {t('position.never')}
          </button>
        </div>
      </Sheet>
    );
  }
  if (skip) {
    return (
      <Sheet title={t('position.looking')} close={skip}>
        <p>{t('position.looking_words')}</p>
        <button type="button" class="button" onClick={skip}>
          {t('position.skip')}
        </button>
      </Sheet>
    );
  }
  return null;
}
