// A screen: its title has the focus when it opens, so that screen readers and keyboards start there.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../shared/i18n';
import { Icon } from './icon';

export function Page(given: { title: string; back?: string; aside?: ComponentChildren; children: ComponentChildren; foot?: ComponentChildren; class?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  // Words may change while the screen is open (language, names of categories): that must not take the focus away.
  useEffect(() => {
    document.title = `${given.title} – ${t('app.name')}`;
  }, [given.title]);
  return (
    <section class={`page ${given.class ?? ''}`}>
      <div class="page-scroll">
        <div class="page-head">
          {given.back && (
            <a class="icon-button" href={given.back} aria-label={t('do.back')}>
              <Icon name="back" size={28} />
            </a>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {given.title}
          </h1>
          {given.aside}
        </div>
        {given.children}
      </div>
      {given.foot && <div class="page-foot">{given.foot}</div>}
    </section>
  );
}
