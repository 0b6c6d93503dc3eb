import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { type PreviewRequest, usePreview } from "../api/queries";

/** What an import would bring, asked for as soon as this is shown. Leaving forgets it. */
export function useImportPreview(listId: string, wanted: PreviewRequest) {
  const { mutateAsync } = usePreview(listId);
  return useQuery({
    queryKey: ["preview", useId()],
    queryFn: () => mutateAsync(wanted),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchOnReconnect: false,
  });
}
