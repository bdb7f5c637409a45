import { language, local, t } from '../../shared/i18n';
import type { Category } from '../../shared/api/wire';
import { ownPath } from '../../shared/api/calls';
import { categories } from '../state';

export const categoryName = (code: string) => local(categories.value.get(code)?.label) || code;

export function CategoryIcon({ code, size = 28 }: { code: string; size?: number }) {
  const icon = categories.value.get(code)?.icon;
  if (!icon) return null;
  return <img class="category-icon" src={ownPath(icon, location.href)} width={size} height={size} alt="" loading="lazy" />;
}

/** Groups with their categories, in the catalogue's order. */
export function CategoryPicker({ chosen, choose }: { chosen: string | null; choose: (code: string) => void }) {
  const all = [...categories.value.values()];
  const groups = all.filter((each) => each.group);
  const of = (parent: string | null) => all.filter((each) => !each.group && (each.parent ?? null) === parent);
  const options = (list: Category[]) =>
    list.map((each) => (
      <label class="choice" key={each.code}>
        <input type="radio" name="category" value={each.code} checked={chosen === each.code} onChange={() => choose(each.code)} />
        <CategoryIcon code={each.code} />
        <span>{local(each.label)}</span>
      </label>
    ));
  return (
    <div class="category-picker" lang={language.value}>
      {groups.map((group) => (
        <fieldset key={group.code}>
          <legend>{local(group.label)}</legend>
          <div class="choices">{options(of(group.code))}</div>
        </fieldset>
      ))}
      {of(null).length > 0 && (
        <fieldset>
          <legend>{t('category.others')}</legend>
          <div class="choices">{options(of(null))}</div>
        </fieldset>
      )}
    </div>
  );
}
