/** What several benchmarks compare with: of one version everywhere. */
export const TORCH_PEERS = ["torch==2.14.1", "open_clip_torch==3.3.0"]
