import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { image2datasetFlags } from "./image2dataset.ts"

const page = readFileSync(join(import.meta.dirname, "../../../../../docs/image2dataset.md"), "utf8")
const section = page.slice(page.indexOf("## Options"), page.indexOf("## Shards"))
const documented = [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = ""]) =>
  [...cell.matchAll(/`([a-z_0-9]+)`/g)].map(([, name = ""]) => name),
)

/** The options of img2dataset 1.47.0, and of its repository since. */
const THEIRS =
  `url_list image_size output_folder processes_count resize_mode resize_only_if_bigger upscale_interpolation
  downscale_interpolation encode_quality encode_format skip_reencode output_format input_format url_col caption_col bbox_col
  thread_count number_sample_per_shard extract_exif save_additional_columns timeout enable_wandb wandb_project oom_shard_count
  compute_hash verify_hash distributor subjob_size retries disable_all_reencoding min_image_size max_image_area
  max_aspect_ratio incremental_mode max_shard_retry user_agent_token disallowed_header_directives
  ignore_ssl_certificate`.split(/\s+/)

describe("the options of image2dataset", () => {
  test("are img2dataset's and ours, and each has its row in the docs", () => {
    const names = Object.keys(image2datasetFlags)
    expect(names).toEqual(expect.arrayContaining(THEIRS))
    expect(documented.toSorted()).toEqual(names.toSorted())
  })
})
