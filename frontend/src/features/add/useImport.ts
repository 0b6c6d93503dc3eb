import { useState } from "react";
import type { BatchCreated, ImportCreated } from "../../api/types";
import { type PreviewRequest, useAddMany, useImportFile, useImportSource } from "../../data/queries";

export type ImportResult = BatchCreated | ImportCreated;

/** Brings what was looked at; `run` answers what became of it, or null where that failed. */
export function useImport(listId: string, wanted: PreviewRequest) {
  const addMany = useAddMany(listId);
  const importFile = useImportFile(listId);
  const importSource = useImportSource(listId);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const start = (): Promise<ImportResult> => {
    if ("urls" in wanted) return addMany.mutateAsync(wanted.urls);
    return "file" in wanted ? importFile.mutateAsync(wanted.file) : importSource.mutateAsync(wanted);
  };
  const run = async (): Promise<ImportResult | null> => {
    setBusy(true);
    setError(null);
    try {
      return await start();
    } catch (refusal) {
      setError(refusal);
      return null;
    } finally {
      setBusy(false);
    }
  };
  return { run, isBusy, error };
}
