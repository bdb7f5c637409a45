import { useId } from 'preact/hooks';
import { language, local, t } from '../../shared/i18n';
import type { Category } from '../../shared/api/wire';
import { ownPath } from '../../shared/api/calls';
import { categories, categoryNames } from '../state';
import { dial } from '../words';
import { Icon } from './icon';
import { Wrong } from './wrong';

export const categoryName = (code: string) => local(categories.value.get(code)?.label ?? categoryNames.value[code]) || code;

export function CategoryIcon({ code, size = 28 }: { code: string; size?: number }) {
  const icon = categories.value.get(code)?.icon ?? categoryNames.value[code]?.icon;
  if (!icon) return null;
  return <img class="category-icon" src={ownPath(icon, location.href)} width={size} height={size} alt="" loading="lazy" />;
}

interface Picking {
  chosen: string | null;
  choose: (code: string) => void;
  label: string;
  wrong?: string | undefined;
  /** For a new report: what is another's business, or a call, is said in place of a choice. */
  reporting?: boolean;
}

function Choice({ each, chosen, choose }: { each: Category } & Pick<Picking, 'chosen' | 'choose'>) {
  return (
    <label class="choice">
      <input type="radio" name="category" value={each.code} checked={chosen === each.code} onChange={() => choose(each.code)} />
      <CategoryIcon code={each.code} />
      <span>{local(each.label)}</span>
    </label>
  );
}

/** Not to be reported here: whom to call, or why. */
function Elsewhere({ each }: { each: Category }) {
  const phone = each.call ?? each.body?.phone;
  return (
    <div class="elsewhere">
      <CategoryIcon code={each.code} />
      <span>
        {local(each.label)} <small>{local(each.message) || local(each.body?.name)} {local(each.instead)}</small>
      </span>
      {phone && <a class="button small" href={dial(phone)}><Icon name="phone" /> {phone}</a>}
    </div>
  );
}

/** Groups with their categories, in the catalogue's order. */
export function CategoryPicker({ chosen, choose, label, wrong, reporting = false }: Picking) {
  const id = useId();
  const all = [...categories.value.values()];
  const groups = all.filter((each) => each.group);
  const codes = new Set(groups.map((group) => group.code));
  const of = (parent: string | null) => all.filter((each) => !each.group && (each.parent && codes.has(each.parent) ? each.parent : null) === parent);
  const options = (list: Category[]) =>
    list.map((each) => (reporting && !each.open ? <Elsewhere key={each.code} each={each} /> : <Choice key={each.code} each={each} chosen={chosen} choose={choose} />));
  const block = (key: string, name: string, list: Category[]) =>
    list.length > 0 && (
      <fieldset key={key}>
        <legend>{name}</legend>
        <div class="choices">{options(list)}</div>
      </fieldset>
    );
  return (
    <div class="category-picker" lang={language.value} role="radiogroup" aria-labelledby={id} aria-required="true" aria-invalid={wrong ? 'true' : undefined} aria-describedby={wrong && `${id}-wrong`} data-wrong={wrong && ''}>
      <p class="label" id={id}>{label} <span class="must">{t('form.required')}</span></p>
      {groups.map((group) => block(group.code, local(group.label), of(group.code)))}
      {block('', t('category.others'), of(null))}
      <Wrong id={id} words={wrong} />
    </div>
  );
}
