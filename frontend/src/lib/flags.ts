import { useConfig } from "../api/queries";

/** Built without: nothing has to be asked of the server. */
const isBuiltIn = () => import.meta.env.VITE_ENABLE_IMPORT_PROGRESS !== "false";

/**
 * Whether imports are shown while they run: switched off when the page is built, or at run time by the server. A server
 * that does not say otherwise has it on. Off until that is known, so that nothing begins that would end at once.
 */
export function useImportProgressFlag(): boolean {
  const { data: config } = useConfig();
  const isKnown = useIsFlagKnown();
  return isBuiltIn() && isKnown && config?.features?.import_progress !== false;
}

/** Whether the flag is settled: the server has answered, or failed to, so that nobody waits until it does. */
export function useIsFlagKnown(): boolean {
  const { data: config, errorUpdateCount } = useConfig();
  return !isBuiltIn() || config !== undefined || errorUpdateCount > 0;
}
