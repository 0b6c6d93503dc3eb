interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** The items of all pages, asked for one after the other. For what is short enough to be shown whole. */
export async function allPages<T>(fetchPage: (cursor: { cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await fetchPage(cursor ? { cursor } : {});
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}
