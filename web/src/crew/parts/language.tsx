import { putMeta } from '../../shared/db/database';
import { language, t, type Language } from '../../shared/i18n';
import { env } from '../state';

export function LanguageSwitch() {
  const choose = (lang: Language) => {
    void putMeta(env().db, 'language', lang).then(env().changed);
  };
  return (
    <div class="languages" role="group" aria-label={t('language.label')}>
      {(['fr', 'en'] as const).map((lang) => (
        <button key={lang} type="button" lang={lang} class="button small" aria-pressed={language.value === lang} onClick={() => choose(lang)}>
          {t(`language.${lang}`)}
        </button>
      ))}
    </div>
  );
}
