import { useMemo } from "react";
import { useLists } from "../../data/queries";
import { usePreferences } from "../../state/preferences";

/** All lists, the one that was open last first. */
export function useOrderedLists() {
  const { data, isPending, error, refetch } = useLists();
  const lastListId = usePreferences((preferences) => preferences.lastListId);
  const lists = useMemo(() => {
    const last = data?.find((list) => list.id === lastListId);
    return last && data ? [last, ...data.filter((list) => list !== last)] : data;
  }, [data, lastListId]);
  return { lists, isPending, error, refetch };
}
