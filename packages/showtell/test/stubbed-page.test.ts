// The web page in a real Chromium before a service that is made up here: what it sends and shows after answers that no small model gives, and
// after what people change their minds about.
import { join } from "node:path";
import type { Browser, Locator, Page, Request } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServedFolders } from "./browser.ts";
import { launchBrowser, serveFolders } from "./browser.ts";
import { describeGroup } from "./groups.ts";
import { drop } from "./page-actions.ts";
import { root } from "./source-files.ts";

const photo = join(root, "examples/photos/camera.png");

interface Said {
  readonly caption: string;
  readonly tokens: readonly string[];
  readonly logProbability: number;
  readonly attention: readonly (readonly number[])[];
}

/** A candidate of these words, with the same map for each. */
function candidateOf(caption: string, map: readonly number[] = Array.from({ length: 49 }, () => 1 / 49)): Said {
  const tokens = caption.split(" ").filter((word) => word !== "");
  const figures = { logProbability: -2, tokenLogProbabilities: [...tokens, "."].map(() => -0.5) };
  return { ...figures, caption, tokens, attention: tokens.map(() => map) };
}

/** A run as the service lists it. */
function summaryOf(name: string): object {
  return { name, state: "finished", epochs: { done: 1, planned: 1 } };
}

/** The text fields of a form that was sent, without the keys that are drawn at random; a file is told by its name. */
async function fieldsOf(request: Request): Promise<Readonly<Record<string, string>>> {
  const headers = { "content-type": request.headers()["content-type"]! };
  const form = await new Response(new Uint8Array(request.postDataBuffer()!), { headers }).formData();
  return Object.fromEntries([...form].map(([name, value]) => [name, typeof value === "string" ? value : value.name]));
}

interface Opened {
  readonly page: Page;
  /** What was asked of the captioner, and what was sent as feedback, in order. */
  readonly asked: Readonly<Record<string, string>>[];
  readonly given: Readonly<Record<string, string>>[];
  readonly complaints: string[];
}

async function edit(page: Page, words: string): Promise<void> {
  await page.getByRole("button", { name: "Edit the caption" }).click();
  await page.getByRole("textbox", { name: "Caption" }).fill(words);
  await page.getByRole("button", { name: "Keep" }).click();
}

const candidate = (page: Page, place: number): Locator => page.locator(".candidates button").nth(place);

/** What was sent as feedback, once it has been so often; the key is told by when it was first drawn. */
async function givenOf({ given }: Opened, count: number): Promise<readonly object[]> {
  await expect.poll(() => given.length).toBe(count);
  const keys = [...new Set(given.map(({ key }) => key))];
  return given.map((fields) => ({ ...fields, key: keys.indexOf(fields["key"]) }));
}

describeGroup("browser", () => {
  let served: ServedFolders;
  let browser: Browser;

  beforeAll(async () => {
    served = await serveFolders({ "/": join(root, "packages/showtell/dist/ui") });
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
  });

  /** The page of a service that says the same of every photo. */
  async function open(candidates: readonly Said[], fragment = ""): Promise<Opened> {
    const page = await browser.newPage();
    const opened: Opened = { page, asked: [], given: [], complaints: [] };
    page.on("pageerror", (error) => opened.complaints.push(error.message));
    await page.route("**/page.json", (route) => route.fulfill({ json: { service: true, feedback: true, runs: true } }));
    await page.route("**/v1/runs*", (route) => route.fulfill({ json: { runs: [] } }));
    await page.route("**/v1/captions", async (route) => {
      opened.asked.push(await fieldsOf(route.request()));
      await route.fulfill({ json: { results: [{ ...candidates[0], image: "camera.png", candidates }] } });
    });
    await page.route("**/v1/feedback", async (route) => {
      const fields = await fieldsOf(route.request());
      opened.given.push(fields);
      await route.fulfill({ json: { id: 1, picture: "image" in fields } });
    });
    await page.goto(`${served.origin}/${fragment}`);
    await page.waitForSelector("h1");
    return opened;
  }

  /** The same with a photo that has its caption. */
  async function openCaptioned(...candidates: readonly Said[]): Promise<Opened> {
    const opened = await open(candidates);
    await drop(opened.page, photo);
    await opened.page.waitForSelector('.card[data-state="captioned"]');
    return opened;
  }

  test("an edit that is taken back is kept no more, whatever is thought of the caption", async () => {
    const opened = await openCaptioned(candidateOf("two dogs run"), candidateOf("a cat sits"));
    const { page } = opened;
    await page.getByLabel("keep my photo").check();
    await edit(page, "two fogs run");
    await page.getByText("Saved, with the photo.").waitFor();
    await candidate(page, 0).click();
    await page.getByText("Taken back").waitFor();
    // There is nothing to keep a photo with.
    await page.getByLabel("keep my photo").uncheck();
    await page.getByLabel("keep my photo").check();
    await page.getByRole("button", { name: "Good caption" }).click();
    await page.getByText("Saved, with the photo.").waitFor();
    const caption = "two dogs run";
    const withPhoto = { consent: "true", image: "camera.png" };
    expect(await givenOf(opened, 3)).toEqual([
      { key: 0, caption, edited: "two fogs run", ...withPhoto },
      { key: 0, caption, edited: caption },
      { key: 0, caption, thumb: "up", ...withPhoto },
    ]);

    // With a thumb, that stays; choosing another candidate takes the edit back as well as choosing the same.
    await edit(page, "two dogs running");
    await givenOf(opened, 4);
    await candidate(page, 1).click();
    expect((await givenOf(opened, 5)).slice(3)).toEqual([
      { key: 0, caption, thumb: "up", edited: "two dogs running", ...withPhoto },
      { key: 0, caption, thumb: "up", ...withPhoto },
    ]);
    await page.close();
  });

  test("a photo is kept with nothing any more once that is not agreed to, whichever candidate is shown", async () => {
    const opened = await openCaptioned(candidateOf("two dogs run"), candidateOf("a cat sits"), candidateOf("a dog"));
    const { page } = opened;
    await page.getByLabel("keep my photo").check();
    await page.getByRole("button", { name: "Good caption" }).click();
    await candidate(page, 1).click();
    await page.getByRole("button", { name: "Bad caption" }).click();
    await givenOf(opened, 2);
    await candidate(page, 2).click();
    await page.getByLabel("keep my photo").uncheck();
    await page.getByText("Saved, without the photo.").waitFor();
    expect((await givenOf(opened, 4)).slice(2)).toEqual([
      { key: 0, caption: "two dogs run", thumb: "up" },
      { key: 1, caption: "a cat sits", thumb: "down" },
    ]);
    await page.close();
  });

  test("what is no answer of the service's counts as none", async () => {
    const { page } = await openCaptioned(candidateOf("two dogs run"));
    const others = { contentType: "text/html", body: "<html>Sign in to this network</html>" };
    await page.route("**/v1/feedback", (route) => route.fulfill(others));
    await page.getByRole("button", { name: "Good caption" }).click();
    await page
      .getByRole("alert")
      .getByText("Not saved: The answer was cut off, or did not come from the service.")
      .waitFor();
    expect(await page.getByText(/^Saved,/).count()).toBe(0);
    await page.route("**/v1/captions", (route) => route.fulfill({ ...others, body: '{"results":[{"capt' }));
    await drop(page, photo);
    await page.locator('.card[data-state="failed"]').getByText("The answer was cut off").waitFor();
    await page.close();
  });

  test("how unlikely a sentence is stays short, however unlikely that is", async () => {
    const rare = { ...candidateOf("a dog"), logProbability: -130 };
    const { page } = await openCaptioned({ ...rare, logProbability: -30 }, rare, { ...rare, logProbability: -800 });
    const numbers = await page.locator(".candidate-number small").allTextContents();
    expect(numbers).toEqual(["1 in 11 trillion", "1 in 10⁵⁶", "1 in 10³⁴⁷"]);
    await page.close();
  });

  test("the key that ends what an input method puts together does not end the edit", async () => {
    const { page } = await openCaptioned(candidateOf("a dog"));
    await page.getByRole("button", { name: "Edit the caption" }).click();
    const words = page.getByRole("textbox", { name: "Caption" });
    await words.fill("犬");
    const type = (key: string): Promise<void> =>
      words.dispatchEvent("keydown", { key, isComposing: true, bubbles: true, cancelable: true });
    await type("Enter");
    await type("Escape");
    await words.pressSequentially("が走る");
    await page.keyboard.press("Enter");
    expect(await page.locator(".caption").textContent()).toBe("犬が走る");
    await page.close();
  });

  test("what is said of a copy stays as long as of any other", async () => {
    const { page } = await openCaptioned(candidateOf("a dog"));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.clock.install();
    const said = page.locator(".copy [role=status]");
    await page.getByRole("button", { name: "Alt text" }).click();
    await page.getByText("Copied as Alt text").waitFor({ state: "attached" });
    await page.clock.runFor(3000);
    await page.getByRole("button", { name: "HTML" }).click();
    await page.getByText("Copied as HTML").waitFor({ state: "attached" });
    await page.clock.runFor(3000);
    expect(await said.textContent()).toBe("Copied as HTML");
    await page.clock.runFor(1500);
    expect(await said.textContent()).toBe("");
    await page.close();
  });

  test("a run that another was compared with is compared with nothing once it is chosen itself", async () => {
    const { page } = await open([candidateOf("a dog")]);
    await page.route("**/v1/runs", (route) => route.fulfill({ json: { runs: ["first", "second"].map(summaryOf) } }));
    await page.route("**/v1/runs/*", (route) => {
      const name = route.request().url().split("/").at(-1)!;
      return route.fulfill({ json: { ...summaryOf(name), history: [], samples: [] } });
    });
    await page.getByRole("link", { name: "Runs" }).click();
    const compared = page.getByLabel("Compare with");
    await compared.selectOption("second");
    await page.getByRole("button", { name: "second" }).click();
    await page.getByRole("heading", { name: "second" }).waitFor();
    expect(await compared.locator("option:checked").allTextContents()).toEqual(["nothing"]);
    await page.close();
  });

  test("an edit is one of the candidate that was chosen, and that is explained", async () => {
    const opened = await openCaptioned(candidateOf("two dogs run"), candidateOf("a cat sits"));
    const { page } = opened;
    await candidate(page, 1).click();
    await edit(page, "a grey cat sits");
    expect(await page.locator(".caption").textContent()).toBe("a grey cat sits");
    await page.getByText("Saved, without the photo.").waitFor();
    expect(await givenOf(opened, 1)).toEqual([{ key: 0, caption: "a cat sits", edited: "a grey cat sits" }]);
    await page.getByRole("button", { name: "Why these words?" }).click();
    const explained = page.getByRole("toolbar", { name: "Words of the caption" }).getByRole("button");
    expect(await explained.allTextContents()).toEqual(["a", "cat", "sits"]);

    // Words of another candidate are an edit, too, if they are written; and what is being edited is what is chosen.
    await edit(page, "two dogs run");
    expect((await givenOf(opened, 2))[1]).toEqual({ key: 0, caption: "a cat sits", edited: "two dogs run" });
    expect(await explained.allTextContents()).toEqual(["a", "cat", "sits"]);
    await page.getByRole("button", { name: "Edit the caption" }).click();
    await candidate(page, 0).click();
    expect(await page.getByRole("textbox", { name: "Caption" }).inputValue()).toBe("two dogs run");
    await page.close();
  });

  test("the only part of a map that is positive glows, and none does where none is", async () => {
    const map = Array.from({ length: 49 }, (_, part) => (part === 24 ? 0.25 : -0.35));
    const harmful = candidateOf(
      "dogs",
      map.map((value) => Math.min(0, value)),
    );
    const { page } = await openCaptioned(candidateOf("cats", map), harmful);
    await page.getByRole("button", { name: "Why these words?" }).click();
    /** Red, green, blue and opacity in the middle and in a corner. */
    const colours = (): Promise<readonly (readonly number[])[]> =>
      page
        .locator(".heat canvas")
        .evaluate((canvas) =>
          [48, 6].map((at) => [...(canvas as HTMLCanvasElement).getContext("2d")!.getImageData(at, at, 1, 1).data]),
        );
    // What is drawn translucent is read back a little otherwise.
    const [dim, glowing] = [
      [8, 17, 14, 204],
      [255, 176, 46, 107],
    ].map((colour) => colour.map((value) => expect.closeTo(value, -1) as number));
    await expect.poll(colours).toEqual([glowing, dim]);
    await candidate(page, 1).click();
    await expect.poll(colours).toEqual([dim, dim]);
    await page.close();
  });

  test("a reset of the steering shows what is used then", async () => {
    const { page, asked } = await open([candidateOf("two dogs run")]);
    await page.locator(".steering summary").click();
    const shown = async (): Promise<readonly unknown[]> => [
      await page.getByRole("radio").evaluateAll((radios) => radios.map((radio) => (radio as HTMLInputElement).checked)),
      await page.getByLabel("Captions a photo").inputValue(),
      await page.getByLabel("Width of the search").inputValue(),
      await page.getByLabel("Must say", { exact: true }).inputValue(),
    ];
    const first = [[true, false], "3", "", ""];
    expect(await shown()).toEqual(first);
    for (const width of ["5", "60"]) {
      await page.getByLabel("Must say", { exact: true }).fill("dog, grass");
      await page.getByLabel("Width of the search").fill(width);
      await page.getByLabel("Captions a photo").fill("2");
      await page.getByLabel("Drawn at random").check();
      await page.getByRole("button", { name: "Reset" }).click();
      expect(await shown()).toEqual(first);
    }
    await page.keyboard.press("Enter");
    expect(await shown()).toEqual(first);
    await drop(page, photo);
    await page.waitForSelector('.card[data-state="captioned"]');
    expect(asked).toEqual([{ image: "camera.png", candidates: "3", attention: "true" }]);
    await page.close();
  });

  test("a caption without words has nothing to be explained", async () => {
    const opened = await openCaptioned(candidateOf("a dog"), candidateOf(""));
    const { page, complaints } = opened;
    const why = page.getByRole("button", { name: "Why these words?" });
    await why.click();
    await page.locator(".why").waitFor();
    await candidate(page, 1).click();
    await why.waitFor({ state: "detached" });
    expect(await page.locator(".why").count()).toBe(0);
    // The service takes no empty sentence in the place of an edit.
    await edit(page, "a cat");
    await candidate(page, 1).click();
    await page.getByText("Taken back").waitFor();
    expect(await givenOf(opened, 2)).toEqual([
      { key: 0, caption: "", edited: "a cat" },
      { key: 0, caption: "", edited: "(no words)" },
    ]);
    await candidate(page, 0).click();
    await page.locator(".why").waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("photos that are dropped on the runs show what becomes of them", async () => {
    const { page } = await open([candidateOf("two dogs run")], "#runs");
    await page.getByText("There is no run in the folder yet").waitFor();
    await drop(page, photo);
    await page.locator('.card[data-state="captioned"]').waitFor();
    expect(await page.getByRole("link", { name: "Caption" }).getAttribute("aria-current")).toBe("page");
    await page.goBack();
    await page.getByText("There is no run in the folder yet").waitFor();
    await page.close();
  });

  /** A page whose camera sees a grey wall. */
  async function openCamera(): Promise<Opened> {
    const opened = await open([candidateOf("a wall")]);
    const { page } = opened;
    await page.evaluate(() => {
      const wall = document.createElement("canvas");
      const context = wall.getContext("2d")!;
      setInterval(() => context.fillRect(0, 0, wall.width, wall.height), 50);
      navigator.mediaDevices.getUserMedia = () => Promise.resolve(wall.captureStream());
    });
    await page.getByRole("button", { name: "Use the camera" }).click();
    return opened;
  }

  test("a double click takes one photo", async () => {
    const { page, asked } = await openCamera();
    await page.getByRole("button", { name: "Take the photo" }).dblclick();
    await page.waitForSelector('.card[data-state="captioned"]');
    await page.waitForFunction(() => document.querySelector("dialog") === null);
    expect(await page.locator(".card").count()).toBe(1);
    expect(asked).toMatchObject([{ image: "camera.jpg" }]);
    await page.close();
  });

  test("a photo that can't be taken is said", async () => {
    const { page, complaints } = await openCamera();
    await page.evaluate(() => {
      OffscreenCanvas.prototype.convertToBlob = () => Promise.reject(new DOMException("none", "EncodingError"));
    });
    await page.getByRole("button", { name: "Take the photo" }).click();
    await page.getByRole("dialog").getByRole("alert").getByText("choose a photo instead").waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
});
