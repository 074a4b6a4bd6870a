// `npm start -- PHOTO…` and `npm run showtell -- COMMAND…`: sets up if needed, then runs the command in this process.
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { root, setup } from "./setup.mjs";

const args = process.argv.slice(2);
setup({ withPage: ["serve", "web"].includes(args[0]) });

// npm runs scripts in the root, but a path that was typed is meant from where it was typed.
process.chdir(process.env.INIT_CWD ?? process.cwd());

const onlyStart = args.length === 1 && args[0] === "caption";
if (onlyStart) args.push(relative(process.cwd(), join(root, "examples", "photos", "camera.png")));

const command = join(root, "packages", "showtell", "dist", "cli", "main.js");
process.argv = [process.argv[0], command, ...args];
await import(pathToFileURL(command).href);
