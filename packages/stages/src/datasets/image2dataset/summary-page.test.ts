import { assert, describe, it } from "@effect/vitest"
import { NO_STATISTICS } from "./shards/index.ts"
import { summaryPage } from "./summary-page.ts"

describe("the summary's page", () => {
  it("tells kinds, messages, hosts and URLs, and runs nothing that a list or a server says", () => {
    const evil = "<script>alert(1)</script>"
    const page = summaryPage(
      {
        ...NO_STATISTICS,
        count: 200,
        successes: 150,
        failedToDownload: 40,
        failedToResize: 10,
        reasons: { success: 150, "HTTP Error 404: Not Found": 40, [evil]: 10 },
        kinds: { "status 4xx": 40, image: 10 },
        failingHosts: { "example.org": 50 },
        failures: [{ url: `http://example.org/${evil}`, key: "000", reason: evil }],
      },
      3,
    )
    assert.include(page, "<h1>150 of 200 images came</h1>")
    for (const text of ["3 shards", "status 4xx", "HTTP Error 404: Not Found", "example.org", "20.0 %"])
      assert.include(page, text)
    assert.notInclude(page, "<script")
    assert.include(page, "&#60;script&#62;")
  })

  it("has no tables when everything came", () => {
    const page = summaryPage({ ...NO_STATISTICS, count: 5, successes: 5, reasons: { success: 5 } }, 1)
    assert.include(page, "5 of 5 images came")
    assert.notInclude(page, "<table")
  })
})
