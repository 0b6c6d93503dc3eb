/** The API's types under the names the page uses. `schema.ts` is generated; nothing here adds to it. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Video = Schemas["VideoOutput"];
export type VideoDetails = Schemas["VideoDetailsOutput"];
export type VideoPage = Schemas["VideoPage"];
export type VideoList = Schemas["ListOutput"];
export type Batch = Schemas["BatchOutput"];
export type BatchState = Schemas["BatchState"];
export type BatchKind = Schemas["BatchKind"];
export type BatchCreated = Schemas["BatchCreated"];
export type ImportCreated = Schemas["ImportCreated"];
export type DuplicateRow = Schemas["DuplicateRow"];
export type InvalidRow = Schemas["InvalidRow"];
export type ListingState = Schemas["ListingState"];
export type Preview = Schemas["Preview"];
export type PreviewWarning = Schemas["PreviewWarning"];
export type Config = Schemas["ClientConfig"];
export type Versions = Schemas["Versions"];
export type Extractor = Schemas["ExtractorOutput"];
export type Language = Schemas["Language"];
export type Upstream = Schemas["Upstream"];
export type UpstreamStatus = Schemas["UpstreamOutput"];
export type PauseReason = Schemas["PauseReason"];
export type Subscription = Schemas["SubscriptionOutput"];
export type SubscriptionInput = Schemas["SubscriptionInput"];
export type ChannelTab = Schemas["ChannelTab"];
export type VideoFilter = Schemas["VideoFilter"];
export type SourceKind = Schemas["SourceKind"];
export type ImportStage = Schemas["ImportStage"];
export type ImportProgress = Schemas["ImportProgress"];
export type Change = Schemas["Change"];
export type EventPage = Schemas["EventPage"];
export type ErrorType = Schemas["ErrorType"];
export type CaptionsSource = Schemas["CaptionsSource"];
export type CaptionsKind = Schemas["CaptionsKind"];
export type Segment = Schemas["SegmentOutput"];
export type Chapter = Schemas["ChapterOutput"];
export type ProblemCode = Schemas["ProblemCode"];
export type ProblemDetails = Schemas["ProblemDetails"] &
  Partial<Pick<Schemas["VideoConflict"], "video_id" | "video">> &
  Partial<Pick<Schemas["SubscriptionConflict"], "subscription_id" | "subscription">>;
export type FieldError = Schemas["FieldError"];
