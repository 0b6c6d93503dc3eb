import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { fetchPreview, type PreviewRequest } from "../../data/queries";

/** What an import would bring, asked for as soon as this is shown. Leaving forgets it. */
export function useImportPreview(listId: string, wanted: PreviewRequest) {
  return useQuery({
    queryKey: ["preview", useId(), "source" in wanted ? [wanted.tab, wanted.filter] : null],
    queryFn: ({ signal }) => fetchPreview(listId, wanted, signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchOnReconnect: false,
  });
}
