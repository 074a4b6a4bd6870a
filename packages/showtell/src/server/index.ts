// The public entry of the HTTP service.
export { createService } from "./service.ts";
export type { Service, ServiceOptions } from "./service.ts";
export { requireOrigins, requireSendable } from "./access.ts";
export type { AccessRules } from "./access.ts";
export { defaultLimits } from "./limits.ts";
export type { ServiceLimits } from "./limits.ts";
export { listen } from "./listen.ts";
export type { ListeningService, ListenOptions } from "./listen.ts";
export { describeModel } from "./model-description.ts";
export { openApiDocument } from "./openapi.ts";
export type { JsonSchema, OpenApiDocument, OperationObject } from "./openapi.ts";
export { openStore } from "../store/store.ts";
export type { Store } from "../store/store.ts";
export type { PageFile, PageFiles } from "../node/page-files.ts";
export type { ServiceLog } from "./recording.ts";
export type { ModelDescription, PictureResult, RequestOptions } from "./schemas.ts";
