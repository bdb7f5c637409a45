import { useEffect, useState } from 'preact/hooks';
import { local, number, t } from '../../shared/i18n';
import { lock } from '../../shared/auth/session';
import { choosePosition, type PositionChoice } from '../act';
import { device, emergency, env, person, positionChoice } from '../state';
import { Icon } from '../parts/icon';
import { LanguageSwitch } from '../parts/language';
import { Page } from '../parts/page';
import { applyUpdate, updateReady } from '../install';
import { sayStorage } from '../storage';
import { dial } from '../words';

function Storage() {
  const [text, setText] = useState('');
  useEffect(() => {
    void (async () => {
      const kept = (await navigator.storage?.persisted?.()) ?? false;
      const used = (await navigator.storage?.estimate?.())?.usage ?? 0;
      setText(`${t(kept ? 'menu.kept' : 'menu.not_kept')} ${t('menu.used', { mb: number(Math.round(used / 1e5) / 10) })}`);
    })();
  }, []);
  return <p>{text}</p>;
}

export function Menu() {
  const choice = positionChoice.value;
  const setPosition = (value: PositionChoice) => {
    if (person.value) void choosePosition(person.value.id, value).catch(sayStorage);
  };
  return (
    <Page title={t('menu.title')}>
      {updateReady.value && (
        <div class="notice" role="note">
          <p>{t('menu.update')}</p>
          <button type="button" class="button primary" onClick={applyUpdate}>{t('menu.update_do')}</button>
        </div>
      )}
      <ul class="menu">
        <li><button type="button" class="button wide" onClick={() => void lock(env())}><Icon name="swap" size={28} /> {t('menu.switch', { name: person.value?.name ?? '' })}</button></li>
        <li><a class="button wide" href="#/data"><Icon name="person" size={28} /> {t('menu.data')}</a></li>
      </ul>
      <section class="block">
        <h2>{t('menu.emergency')}</h2>
        <ul class="numbers">
          {emergency.value.map((each) => (
            <li key={each.number}><a class="button" href={dial(each.number)}><Icon name="phone" /> <strong>{each.number}</strong> {local(each.label)}</a></li>
          ))}
        </ul>
      </section>
      <section class="block">
        <h2>{t('language.label')}</h2>
        <LanguageSwitch />
      </section>
      <section class="block">
        <h2>{t('menu.position')}</h2>
        <p>{t('position.limits')}</p>
        <div class="row-buttons">
          <button type="button" class="button small" aria-pressed={choice === 'allowed'} onClick={() => setPosition('allowed')}>{t('menu.position_on')}</button>
          <button type="button" class="button small" aria-pressed={choice !== 'allowed'} onClick={() => setPosition('never')}>{t('menu.position_off')}</button>
        </div>
      </section>
      <section class="block">
        <h2>{t('menu.tablet')}</h2>
        <p>{device.value?.name}</p>
        <Storage />
      </section>
    </Page>
  );
}
