/** The names under which answers are remembered, in one place. */
export const keys = {
  config: ["config"] as const,
  versions: ["versions"] as const,
  lists: ["lists"] as const,
  list: (listId: string) => ["lists", listId] as const,
  allVideos: ["videos"] as const,
  videos: (listId: string) => ["videos", listId] as const,
  allDetails: ["video"] as const,
  video: (videoId: string) => ["video", videoId] as const,
  transcript: (videoId: string) => ["video", videoId, "transcript"] as const,
  chapters: (videoId: string) => ["video", videoId, "chapters"] as const,
  subscriptions: ["subscriptions"] as const,
  subscriptionsOf: (listId: string) => ["subscriptions", listId] as const,
};
