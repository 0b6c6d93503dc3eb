import { useConfig } from "./queries";

/** Disabled at build time: the server need not be asked. */
const isBuiltIn = () => import.meta.env.VITE_ENABLE_IMPORT_PROGRESS !== "false";

/**
 * Whether overlays show running imports: switched off when the page is built, or at run time by the server. A server that
 * does not say otherwise has it on; off until that is known. Everything else keeps updating either way.
 */
export function useImportProgressFlag(): boolean {
  const { data: config, errorUpdateCount } = useConfig();
  const isKnown = config !== undefined || errorUpdateCount > 0;
  return isBuiltIn() && isKnown && config?.features?.import_progress !== false;
}
