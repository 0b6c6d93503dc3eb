import { useConfig } from "./queries";

/** Disabled at build time: the server need not be asked. */
const isBuiltIn = () => import.meta.env.VITE_ENABLE_IMPORT_PROGRESS !== "false";

/**
 * Whether imports are shown while they run: switched off when the page is built, or at run time by the server. A server
 * that does not say otherwise has it on. Off until that is known, so that nothing starts that would stop at once.
 */
export function useImportProgressFlag(): boolean {
  const { data: config } = useConfig();
  const isKnown = useIsFlagKnown();
  return isBuiltIn() && isKnown && config?.features?.import_progress !== false;
}

/** Whether the flag is known: the server has answered, or has failed to, so that the page does not wait for it. */
export function useIsFlagKnown(): boolean {
  const { data: config, errorUpdateCount } = useConfig();
  return !isBuiltIn() || config !== undefined || errorUpdateCount > 0;
}
