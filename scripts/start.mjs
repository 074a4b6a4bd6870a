// `npm start -- PHOTO…`: sets up if needed, then captions. Without an argument it captions the photo that ships in examples/.
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root, setup } from "./setup.mjs";

setup();

// npm runs scripts in the root, but a path that was typed is meant from where it was typed.
process.chdir(process.env.INIT_CWD ?? process.cwd());

const command = join(root, "packages", "showtell", "dist", "cli", "main.js");
const photo = fileURLToPath(new URL("../examples/photos/camera.png", import.meta.url));
const args = process.argv.slice(2);
process.argv = [process.argv[0], command, "caption", ...(args.length > 0 ? args : [relative(process.cwd(), photo)])];
await import(pathToFileURL(command).href);
