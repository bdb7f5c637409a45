// A photo: the small one kept on the tablet, or the blurred shape that came with the list, or words.
import { useEffect, useState } from 'preact/hooks';
import { thumbHashToDataURL } from 'thumbhash';
import { accessToken } from '../../shared/auth/session';
import { picture } from '../../shared/sync/keep-offline';
import type { SyncPhoto } from '../../shared/api/wire';
import { t } from '../../shared/i18n';
import { env, thumbs } from '../state';
import { Sheet } from './sheet';

/** An address for a blob, given back when it is no longer shown. */
export function useBlobUrl(blob: Blob | null | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob) return setUrl(undefined);
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

function blurred(placeholder: string | null | undefined): string | undefined {
  if (!placeholder) return undefined;
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

export function Thumb({ photo, alt }: { photo: SyncPhoto; alt: string }) {
  const url = useBlobUrl(thumbs.value.get(photo.id));
  const source = url ?? blurred(photo.placeholder);
  if (source) return <img class="thumb" src={source} alt={alt} />;
  return <span class="thumb empty">{t(photo.state === 'expected' ? 'photo.expected' : photo.state === 'refused' ? 'photo.refused' : 'photo.not_here')}</span>;
}

/** The large one when there is a network, otherwise the small one enlarged. */
function Large({ photo, alt, close }: { photo: SyncPhoto; alt: string; close: () => void }) {
  const [large, setLarge] = useState<Blob | null>(null);
  const url = useBlobUrl(large ?? thumbs.value.get(photo.id));
  useEffect(() => {
    void (async () => {
      const token = await accessToken(env());
      const got = token.ok ? await picture(env(), token.token, location.href, photo.id, 'large') : null;
      if (got instanceof Blob) setLarge(got);
    })();
  }, [photo.id]);
  return (
    <Sheet title={alt} close={close} wide>
      {url ? <img class="large" src={url} alt={alt} /> : <p>{t('photo.not_here')}</p>}
    </Sheet>
  );
}

export function PhotoButton({ photo, alt }: { photo: SyncPhoto; alt: string }) {
  const [open, setOpen] = useState(false);
  if (photo.state !== 'ready') return <Thumb photo={photo} alt={alt} />;
  return (
    <>
      <button type="button" class="photo-button" onClick={() => setOpen(true)}>
        <Thumb photo={photo} alt={alt} />
      </button>
      {open && <Large photo={photo} alt={alt} close={() => setOpen(false)} />}
    </>
  );
}
