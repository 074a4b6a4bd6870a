// Fetching pictures by URL: which addresses count as public, and that nothing else is ever connected to. On servers of this machine.
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { fetchPicture, isPublicAddress } from "../../src/server/url-pictures.ts";
import type { FetchPictureOptions } from "../../src/server/url-pictures.ts";

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

/** Starts a server at an address of this machine, and gives its port. */
async function serverAt(address: string, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

/** For the tests, 127.0.0.1 is the public internet, where every name leads, and 127.0.0.2 is a private network. */
function fetched(url: string, options: Partial<FetchPictureOptions> = {}): Promise<Uint8Array> {
  return fetchPicture(url, {
    maxBytes: 1000,
    signal: new AbortController().signal,
    resolve: () => Promise.resolve(["127.0.0.1"]),
    isAllowed: (address) => address === "127.0.0.1",
    ...options,
  });
}

describe("an address", () => {
  test.each(["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"])(
    "%s is public",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  test.each([
    "127.0.0.1",
    "127.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001::1",
    "4000::1",
    "localhost",
    "",
    "1.2.3",
  ])("%s is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("a picture", () => {
  test("is fetched from the address that was checked, under its own name", async () => {
    let host: string | undefined;
    const port = await serverAt("127.0.0.1", (request, response) => {
      host = request.headers.host;
      response.end("picture");
    });
    expect(Buffer.from(await fetched(`http://pictures.example:${port}/a.jpg`)).toString()).toBe("picture");
    expect(host).toBe(`pictures.example:${port}`);
  });

  test("is not fetched twice by name: what the name means later does not matter", async () => {
    let lookups = 0;
    const port = await serverAt("127.0.0.1", (_, response) => response.end("picture"));
    const resolve = (): Promise<string[]> => Promise.resolve(lookups++ === 0 ? ["127.0.0.1"] : ["127.0.0.2"]);
    await fetched(`http://rebound.example:${port}/`, { resolve });
    expect(lookups).toBe(1);
  });

  test("is followed through redirects", async () => {
    const port = await serverAt("127.0.0.1", (request, response) => {
      if (request.url === "/there") return response.end("picture");
      return response.writeHead(302, { Location: "/there" }).end();
    });
    expect((await fetched(`http://pictures.example:${port}/here`)).length).toBe(7);
  });
});

describe("nothing is asked of", () => {
  test.each<[string, string, string[]?]>([
    ["a private address", "http://127.0.0.2:PORT/"],
    ["this machine", "http://localhost:PORT/", ["127.0.0.2"]],
    ["a name with a private address among others", "http://both.example:PORT/", ["127.0.0.1", "127.0.0.2"]],
    ["a name without address", "http://none.example:PORT/", []],
    ["an address written in another way", "http://0x7f000002:PORT/"],
    ["an IPv6 address of this machine", "http://[::1]:PORT/"],
    ["a user's account", "http://user:password@pictures.example:PORT/"],
    ["another protocol", "ftp://pictures.example:PORT/"],
    ["a file", "file:///etc/passwd"],
  ])("%s", async (_, url, addresses = ["127.0.0.1"]) => {
    let asked = 0;
    const port = await serverAt("127.0.0.2", (_request, response) => {
      asked++;
      response.end("secret");
    });
    const resolve = (): Promise<string[]> => Promise.resolve(addresses);
    await expect(fetched(url.replace("PORT", String(port)), { resolve })).rejects.toMatchObject({
      code: "URL_REFUSED",
    });
    expect(asked).toBe(0);
  });

  test("an address inside to which a public one redirects", async () => {
    let asked = 0;
    const inside = await serverAt("127.0.0.2", (_request, response) => {
      asked++;
      response.end("secret");
    });
    const port = await serverAt("127.0.0.1", (_request, response) => {
      response.writeHead(307, { Location: `http://127.0.0.2:${inside}/` }).end();
    });
    await expect(fetched(`http://pictures.example:${port}/`)).rejects.toMatchObject({ code: "URL_REFUSED" });
    expect(asked).toBe(0);
  });
});

/** A look-up that finds nothing, ever. */
function endless(): Promise<never> {
  return new Promise(() => undefined);
}

describe("a fetch ends", () => {
  test.each([
    [
      "when there is too much",
      (response: Parameters<RequestListener>[1]) => response.end("x".repeat(1001)),
      "REQUEST_TOO_LARGE",
      "1000 bytes",
    ],
    [
      "when the picture is not there",
      (response: Parameters<RequestListener>[1]) => response.writeHead(404).end(),
      "URL_FETCH",
      "status 404",
    ],
    [
      "when a redirect leads nowhere",
      (response: Parameters<RequestListener>[1]) => response.writeHead(302, { Location: "http://" }).end(),
      "URL_FETCH",
      "no URL",
    ],
    [
      "when it is sent in circles",
      (response: Parameters<RequestListener>[1]) => response.writeHead(302, { Location: "/" }).end(),
      "URL_FETCH",
      "more than 3 times",
    ],
    ["when nothing comes", () => undefined, "URL_FETCH", "within 5 s"],
    [
      "when it breaks off",
      (response: Parameters<RequestListener>[1]) => {
        response.writeHead(200, { "Content-Length": "10" }).write("x");
        setTimeout(() => response.destroy(), 10);
      },
      "URL_FETCH",
      "aborted",
    ],
  ] as const)("%s", async (_, answer, code, message) => {
    const port = await serverAt("127.0.0.1", (_request, response) => void answer(response));
    await expect(fetched(`http://pictures.example:${port}/`, { timeoutMs: 5000 })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test("when a name is not found in time", async () => {
    await expect(fetched("http://slow.example/", { resolve: endless, timeoutMs: 20 })).rejects.toMatchObject({
      code: "URL_FETCH",
      message: expect.stringContaining("within 0.02 s") as string,
    });
  });

  test("when its client leaves while a name is sought, or before, for that reason", async () => {
    const leaving = new AbortController();
    const reason = new Error("left");
    const sought = fetched("http://slow.example/", { resolve: endless, signal: leaving.signal });
    leaving.abort(reason);
    await expect(sought).rejects.toBe(reason);
    await expect(fetched("http://slow.example/", { resolve: endless, signal: leaving.signal })).rejects.toBe(reason);
  });

  test("when its client leaves, for that reason", async () => {
    const port = await serverAt("127.0.0.1", () => undefined);
    const leaving = new AbortController();
    const reason = new Error("left");
    setTimeout(() => leaving.abort(reason), 20);
    await expect(fetched(`http://pictures.example:${port}/`, { signal: leaving.signal })).rejects.toBe(reason);
  });
});
