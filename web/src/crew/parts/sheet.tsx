// A dialog from the bottom, where the thumb is. The browser's own dialog keeps the focus inside and gives it back.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../../shared/i18n';
import { Icon } from './icon';

export function Sheet(given: { title: string; close: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const open = dialog.current;
    const before = document.activeElement;
    open?.showModal();
    return () => {
      open?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class={`sheet${given.wide ? ' wide' : ''}`} aria-labelledby={id} onCancel={(event) => (event.preventDefault(), given.close())}>
      <div class="sheet-head">
        <h2 id={id}>{given.title}</h2>
        <button type="button" class="icon-button" aria-label={t('do.close')} onClick={given.close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="sheet-body">{given.children}</div>
    </dialog>
  );
}
