// A category's questions (JSON Schema with x-title, x-enum-labels, x-order) as a list, and answers in words. Pure.
import type { Localized } from '../shared/api/wire';

export interface Question {
  name: string;
  title: Localized;
  help: Localized | null;
  kind: 'yes_no' | 'one_of' | 'some_of' | 'number' | 'text';
  options: { value: string; label: Localized }[];
}

interface Property {
  type?: string;
  enum?: string[];
  items?: Property;
  'x-title'?: Localized;
  'x-help'?: Localized;
  'x-enum-labels'?: Record<string, Localized>;
  'x-order'?: number;
}

function kindOf(property: Property): Question['kind'] {
  if (property.type === 'boolean') return 'yes_no';
  if (property.type === 'array') return 'some_of';
  if (property.enum) return 'one_of';
  return property.type === 'number' || property.type === 'integer' ? 'number' : 'text';
}

export function questions(schema: unknown): Question[] {
  const properties = (schema as { properties?: Record<string, Property> } | null)?.properties ?? {};
  return Object.entries(properties)
    .sort(([, a], [, b]) => (a['x-order'] ?? 99) - (b['x-order'] ?? 99))
    .map(([name, property]) => {
      const labels = property['x-enum-labels'] ?? property.items?.['x-enum-labels'] ?? {};
      const values = property.enum ?? property.items?.enum ?? [];
      return {
        name,
        title: property['x-title'] ?? { fr: name, en: name },
        help: property['x-help'] ?? null,
        kind: kindOf(property),
        options: values.map((value) => ({ value, label: labels[value] ?? { fr: value, en: value } })),
      };
    });
}

/** Answers as pairs of words; one that no question of the catalogue explains is shown as it came. */
export function inWords(
  schema: unknown,
  answers: Record<string, unknown>,
  say: { local: (text: Localized) => string; yes: string; no: string },
): { question: string; answer: string }[] {
  const known = new Map(questions(schema).map((question) => [question.name, question]));
  const order = [...known.keys()];
  return Object.entries(answers)
    .sort(([a], [b]) => (order.indexOf(a) + 1 || 99) - (order.indexOf(b) + 1 || 99))
    .map(([name, value]) => {
      const question = known.get(name);
      const one = (each: unknown) => {
        if (typeof each === 'boolean') return each ? say.yes : say.no;
        const label = question?.options.find((option) => option.value === each)?.label;
        return label ? say.local(label) : String(each);
      };
      return { question: question ? say.local(question.title) : name, answer: Array.isArray(value) ? value.map(one).join(', ') : one(value) };
    });
}
