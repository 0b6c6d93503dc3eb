/** Everything the page asks of the API, as hooks; the parts are beside this file. */
export * from "./queries/adding";
export * from "./queries/batches";
export * from "./queries/lists";
export * from "./queries/reimport";
export * from "./queries/subscriptions";
export * from "./queries/system";
export * from "./queries/videos";
