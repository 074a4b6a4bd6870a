// What browsers are told about the service's pages: headers that forbid everything which they do not need. Knows no page.
import type { MiddlewareHandler } from "hono";
import { NONCE, secureHeaders } from "hono/secure-headers";

const self = "'self'";
const none = "'none'";

/** Security headers for every answer. Cross-origin isolation gives the engine in the page its threads. */
export function browserRules(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: [self],
      // The engine compiles WebAssembly.
      scriptSrc: [self, "'wasm-unsafe-eval'"],
      workerSrc: [self, "blob:"],
      styleSrc: [self, NONCE],
      styleSrcAttr: ["'unsafe-inline'"],
      imgSrc: [self, "blob:", "data:"],
      mediaSrc: [self, "blob:"],
      connectSrc: [self, "blob:", "data:"],
      objectSrc: [none],
      baseUri: [none],
      formAction: [self],
      frameAncestors: [none],
    },
    crossOriginEmbedderPolicy: true,
    crossOriginOpenerPolicy: true,
    crossOriginResourcePolicy: true,
    referrerPolicy: "no-referrer",
    permissionsPolicy: { camera: ["self"], microphone: [], geolocation: [] },
    // For whoever puts the service behind HTTPS to say.
    strictTransportSecurity: false,
  });
}
