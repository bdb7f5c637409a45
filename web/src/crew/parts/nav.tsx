import { t, type Key } from '../../shared/i18n';
import { route } from '../router';
import { attention, toSend } from '../state';
import { Icon, type IconName } from './icon';

const places: { screen: string; hash: string; icon: IconName; label: Key }[] = [
  { screen: 'list', hash: '#/list', icon: 'list', label: 'nav.list' },
  { screen: 'map', hash: '#/map', icon: 'map', label: 'nav.map' },
  { screen: 'new', hash: '#/new', icon: 'plus', label: 'nav.new' },
  { screen: 'outbox', hash: '#/outbox', icon: 'outbox', label: 'nav.outbox' },
  { screen: 'menu', hash: '#/menu', icon: 'menu', label: 'nav.menu' },
];

export function Nav() {
  const here = route.value.screen;
  return (
    <nav class="nav" aria-label={t('nav.label')}>
      {places.map((place) => (
        <a
          key={place.screen}
          href={place.hash}
          class={place.screen === 'new' ? 'new' : ''}
          aria-current={here === place.screen || (here === 'data' && place.screen === 'menu') ? 'page' : undefined}
        >
          <span class="nav-icon">
            <Icon name={place.icon} size={28} />
            {place.screen === 'outbox' && toSend.value + attention.value > 0 && (
              <span class={`badge ${attention.value ? 'bad' : ''}`} aria-hidden="true">
                {toSend.value + attention.value}
              </span>
            )}
          </span>
          {t(place.label)}
        </a>
      ))}
    </nav>
  );
}
