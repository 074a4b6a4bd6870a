// The session port's contract on Node.
import { openSession } from "../../src/node/ort-session.ts";
import { sessionConformance } from "./session-conformance.ts";

sessionConformance("Node", openSession);
