export type TextValues = Record<string, string | number>;

const PLACE = /\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g;

/** Puts values in: `{name}` is the value, `{n|video|videos}` the first form for exactly one, else the second. */
export function fill(template: string, count: (n: number) => string, values: TextValues = {}): string {
  return template.replace(PLACE, (place: string, name: string, one?: string, other?: string) => {
    const value = values[name];
    if (value === undefined) return place;
    if (one !== undefined && other !== undefined) return Number(value) === 1 ? one : other;
    return typeof value === "number" ? count(value) : value;
  });
}
