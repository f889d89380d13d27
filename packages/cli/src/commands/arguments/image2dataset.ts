import {
  DUPLICATES,
  ENCODE_FORMATS,
  HASHES,
  INTERPOLATIONS,
  LIST_FORMATS,
  OUTPUT_FORMATS,
  RESIZE_MODES,
} from "@diva-pipeline/stages/image2dataset-names"
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"

const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)
const whole = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.optional)
const number = (name: string, description: string) =>
  Flag.Finite(name).pipe(Flag.withDescription(description), Flag.optional)
const truth = (name: string, description: string, otherwise = false) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(otherwise))
const one = <const Names extends ReadonlyArray<string>>(name: string, names: Names, description: string) =>
  Flag.Literals(name, names).pipe(Flag.withDescription(description), Flag.optional)

/** img2dataset's options, with its names, in its order. */
const theirs = {
  image_size: whole("image_size", "Side of the images, in pixels (256)"),
  output_folder: Flag.String("output_folder").pipe(
    Flag.withDescription("Where the shards go"),
    Flag.withDefault("images"),
  ),
  processes_count: whole("processes_count", "Threads that make images (one for each core)"),
  resize_mode: one("resize_mode", RESIZE_MODES, "How images are made to fit (border)"),
  resize_only_if_bigger: truth("resize_only_if_bigger", "Leave smaller images as they are"),
  upscale_interpolation: one("upscale_interpolation", INTERPOLATIONS, "How images are made larger (lanczos)"),
  downscale_interpolation: one(
    "downscale_interpolation",
    INTERPOLATIONS,
    "How images are made smaller (area)",
  ),
  encode_quality: whole("encode_quality", "1–100 for jpg and webp (95), 0–9 for png (6)"),
  encode_format: one("encode_format", ENCODE_FORMATS, "The format of the images (jpg)"),
  skip_reencode: truth("skip_reencode", "Keep bytes whose format fits and that need no resizing"),
  output_format: Flag.Literals("output_format", OUTPUT_FORMATS).pipe(
    Flag.withDescription("What shards are made of"),
    Flag.withDefault("files"),
  ),
  input_format: one("input_format", LIST_FORMATS, "What the list is, when its name does not tell (then txt)"),
  url_col: text("url_col", "The column with the URLs (url)"),
  caption_col: text("caption_col", "The column with the captions"),
  bbox_col: text("bbox_col", "The column with boxes to blur"),
  thread_count: whole("thread_count", "Downloads at a time, at most (256)"),
  number_sample_per_shard: whole("number_sample_per_shard", "URLs for each shard (10000)"),
  extract_exif: truth("extract_exif", "Keep the EXIF tags", true),
  save_additional_columns: text("save_additional_columns", 'Columns to keep: ["a","b"]'),
  timeout: number("timeout", "Seconds without news from a server (10)"),
  ignore_ssl_certificate: truth(
    "ignore_ssl_certificate",
    "Accept any certificate; then nobody knows who sent the images",
  ),
  enable_wandb: truth("enable_wandb", "Not supported"),
  wandb_project: text("wandb_project", "Not supported"),
  oom_shard_count: whole("oom_shard_count", "Digits of a shard's number (5)"),
  compute_hash: one("compute_hash", HASHES, "Hash of the downloaded bytes (sha256)"),
  verify_hash: text("verify_hash", 'Column with expected hashes, and their kind: ["column","md5"]'),
  distributor: one("distributor", ["multiprocessing", "pyspark", "ray"], "Only multiprocessing; see --split"),
  subjob_size: whole("subjob_size", "Of no effect: shards are not sent to a cluster"),
  retries: whole("retries", "Further attempts at what may pass (2)"),
  disable_all_reencoding: truth("disable_all_reencoding", "Keep all bytes as downloaded"),
  min_image_size: whole("min_image_size", "Refuse images whose shorter side is shorter"),
  max_image_area: number("max_image_area", "Refuse images with more pixels"),
  max_aspect_ratio: number("max_aspect_ratio", "Refuse images that are longer"),
  incremental_mode: one(
    "incremental_mode",
    ["incremental", "overwrite", "extend", "retry"],
    "What is done with shards that are there (incremental); retry also tries failed URLs again",
  ),
  max_shard_retry: whole("max_shard_retry", "Of no effect: a shard does not fail as a whole"),
  user_agent_token: text("user_agent_token", "A name to introduce ourselves with"),
  disallowed_header_directives: text(
    "disallowed_header_directives",
    'X-Robots-Tag directives that forbid an image: ["noai","noimageai","noindex","noimageindex"]; [] for none',
  ),
}

/** What img2dataset has no options for. */
const ours = {
  list_columns: text(
    "list_columns",
    'Columns of a csv or tsv that does not begin with their names: ["caption","url"]',
  ),
  skip_duplicates: one(
    "skip_duplicates",
    DUPLICATES,
    "Leave out what the list has before: the same URL, or the same bytes as well (none)",
  ),
  total_timeout: number("total_timeout", "Seconds for one attempt at an image in all (60)"),
  minimum_rate: number("minimum_rate", "Bytes a second that a server must send (1000)"),
  max_body_size: whole("max_body_size", "Bytes of one image as downloaded (67108864)"),
  connections_per_host: whole("connections_per_host", "Downloads from one host at a time (32)"),
  silent_connections_per_host: whole(
    "silent_connections_per_host",
    "Beside them, requests that a host leaves without an answer while it answers others (32)",
  ),
  requests_per_host: number("requests_per_host", "Requests to one host a second (no limit)"),
  resolvers: text("resolvers", 'Name servers to ask: ["9.9.9.9","1.1.1.1"]'),
  allow_private_addresses: truth("allow_private_addresses", "Allow this machine and private networks"),
  respect_robots_txt: truth("respect_robots_txt", "Leave out what hosts' robots.txt forbid"),
  allow_files: truth("allow_files", "Let the list name files anywhere on this machine"),
  split: text("split", "Which shards: 2/8 is the second of eight machines' share"),
}

/** All of them. */
export const image2datasetFlags = {
  url_list: Argument.String("url_list").pipe(
    Argument.withDescription("A list of URLs, its http(s) address, or a folder of lists or of images"),
  ),
  ...theirs,
  ...ours,
}

/** What the command gets. */
export type Image2datasetArguments = Command.Command.Config.Infer<typeof image2datasetFlags>

/** `diva-pipeline image2dataset` */
export const image2dataset = Command.make("image2dataset", image2datasetFlags, (options) =>
  Effect.promise(() => import("../image2dataset.ts")).pipe(
    Effect.flatMap((command) => command.image2dataset(options)),
  ),
).pipe(Command.withDescription("Download the images of a URL list into shards, with img2dataset's options"))
