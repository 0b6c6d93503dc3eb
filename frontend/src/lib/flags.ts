import { useConfig } from "../api/queries";

/** Whether imports are shown while they run: switched off when the page is built, or at run time by the server. */
export function useImportProgressFlag(): boolean {
  const { data: config } = useConfig();
  const isBuiltIn = import.meta.env.VITE_ENABLE_IMPORT_PROGRESS !== "false";
  return isBuiltIn && config?.features.import_progress === true;
}
