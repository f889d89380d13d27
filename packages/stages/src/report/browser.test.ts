import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect } from "effect"
import { type Browser, chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { writeExample } from "./fixtures/example.ts"
import { writeLargeSweep } from "./fixtures/large-sweep.ts"
import { buildReport, writeReport } from "./index.ts"

/** A Chromium of the machine's; DIVA_CHROMIUM names another. */
const executablePath = [
  process.env.DIVA_CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== "" && existsSync(path))

/** The least contrast of texts to the page (WCAG's ratio), and how light the page is. A script of the browser's. */
const CONTRASTS = `(() => {
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  const luminance = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((part) => channel(Number(part) / 255))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const page = luminance(getComputedStyle(document.body).backgroundColor)
  const contrast = (ink) => {
    const own = luminance(ink)
    return (Math.max(own, page) + 0.05) / (Math.min(own, page) + 0.05)
  }
  const least = (selector, property) =>
    Math.min(...[...document.querySelectorAll(selector)].map((one) => contrast(getComputedStyle(one)[property])))
  return {
    texts: least("h1,h2,p,td,th,small,figcaption,dt,dd", "color"),
    drawn: least("svg .role-axis-label text", "fill"),
    page,
  }
})()`

/** By how much the page is wider than the window, and labels of figures that stick out of them. */
const FITS = `({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  cut: [...document.querySelectorAll("svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect()
    return [...svg.querySelectorAll("text")].flatMap((text) => {
      const { left, right, width } = text.getBoundingClientRect()
      return width > 0 && (left < frame.left - 1 || right > frame.right + 1) ? [text.textContent] : []
    })
  }),
})`

let folder: string
let browser: Browser
/** Every request that the page makes, but for itself. */
const requests: Array<string> = []
/** What the browser complains of. */
const complaints: Array<string> = []

const open = async (colorScheme: "light" | "dark", width = 1180, name = "out") => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  page.on("console", (message) => complaints.push(message.text()))
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) requests.push(request.url())
  })
  await page.goto(pathToFileURL(join(folder, name, "index.html")).href)
  return page
}

describe.skipIf(executablePath === undefined)("the page in a browser", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "page-"))
    const { images, predictions, ...sources } = await writeExample(folder)
    await mkdir(join(folder, "out"))
    const details = { steps: 300 }
    const request = { ...sources, title: "Example", predictions: [predictions], images: [images], details }
    await Effect.runPromise(
      Effect.flatMap(buildReport(request), (report) => writeReport(join(folder, "out"), report)),
    )
    const sweep = await writeLargeSweep(join(folder, "sweep"), {
      models: 3,
      benchmarks: 8,
      seeds: 2,
      views: 2,
      items: 60,
    })
    await mkdir(join(folder, "large"))
    await Effect.runPromise(
      Effect.flatMap(buildReport({ ...sweep, title: "Large", details: {} }), (report) =>
        writeReport(join(folder, "large"), report),
      ),
    )
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ["--no-sandbox"],
    })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true })
  })

  it("asks for nothing but itself, and is not complained of", async () => {
    const page = await open("light")
    expect(requests).toEqual([page.url()])
    expect(complaints).toEqual([])
    const broken = await page.$$eval(
      "img",
      (images) => images.filter(({ naturalWidth }) => naturalWidth === 0).length,
    )
    expect(broken).toBe(0)
    expect(await page.locator("img").count()).toBe(12)
    await page.close()
  })

  it.each(["light", "dark"] as const)("has readable text and figures in %s", async (scheme) => {
    const page = await open(scheme)
    const contrasts = await page.evaluate<{ texts: number; drawn: number; page: number }>(CONTRASTS)
    expect(contrasts.texts).toBeGreaterThan(4.5)
    expect(contrasts.drawn).toBeGreaterThan(4.5)
    expect(contrasts.page > 0.5).toBe(scheme === "light")
    await page.close()
  })

  it.each([1180, 390])("lets nothing stick out, and cuts no label off, at a width of %i", async (width) => {
    const page = await open("light", width)
    const { overflow, cut } = await page.evaluate<{ overflow: number; cut: ReadonlyArray<string> }>(FITS)
    expect(overflow).toBeLessThanOrEqual(0)
    expect(cut).toEqual([])
    await page.close()
  })

  it("lets nothing stick out on paper", async () => {
    for (const name of ["out", "large"]) {
      const page = await open("light", 680, name)
      await page.emulateMedia({ media: "print" })
      const { overflow } = await page.evaluate<{ overflow: number }>(FITS)
      expect(overflow).toBeLessThanOrEqual(0)
      await page.close()
    }
  })

  it("draws a map a view of a large sweep, and narrows its table down without a script", async () => {
    const page = await open("light", 1180, "large")
    const { overflow, cut } = await page.evaluate<{ overflow: number; cut: ReadonlyArray<string> }>(FITS)
    expect({ overflow, cut }).toEqual({ overflow: 0, cut: [] })
    const titles = await page.locator("figure h3").allTextContents()
    expect(titles).toEqual([
      "Changes, class view",
      "Changes, original view",
      "Models and benchmarks, class view",
      "Models and benchmarks, original view",
    ])
    const shown = async () => {
      const rows = page.locator(".scores tbody.cell tr:visible")
      return { rows: await rows.count(), names: await rows.locator("bdi").allTextContents() }
    }
    expect((await shown()).rows).toBe(48)
    await page.selectOption("#filter-model", { label: "ViT-B/14 quickgelu" })
    await page.selectOption("#filter-view", "original")
    const chosen = await shown()
    expect(chosen.rows).toBe(8)
    expect(chosen.names.every((name) => /^ViT-B.*\(original view\)$/.test(name))).toBe(true)
    await page.selectOption("#filter-metrics", "all")
    expect((await shown()).rows).toBe(24)
    await page.locator("button[type=reset]").click()
    expect((await shown()).rows).toBe(48)
    await page.close()
  })

  it("leads from a number, and from a figure, to its provenance", async () => {
    const page = await open("light")
    await page.locator("table.scores a.number").nth(4).click()
    const shown = page.locator("article:target")
    expect(await shown.count()).toBe(1)
    await page.locator("svg a text").first().click()
    expect(page.url()).toMatch(/#cell-\d+$/)
    await page.close()
  })

  it("is light on paper, whatever the screen", async () => {
    const page = await open("dark")
    await page.emulateMedia({ media: "print", colorScheme: "dark" })
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(background).toBe("rgb(255, 255, 255)")
    const pdf = await page.pdf({ format: "A4" })
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-")
    await page.close()
  })
})
