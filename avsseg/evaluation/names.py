"""What each score of a report means, in one line; the order is that of the tables."""

BINARY = {
    "miou": "M_J, mean IoU per frame (family A, AVSBench)",
    "f": "M_F, F at the best threshold of each batch (family A, AVSBench)",
    "j_and_f": "mean of miou and f",
    "f_global": "F at the best threshold of the whole set",
    "f_half": "F at threshold 0.5",
    "miou_sounding": "mean IoU of the frames whose truth is not empty",
    "boundary_f": "F of the outlines at 2 % of the diagonal, frames with a truth",
    "miou_dataset": "sum of intersections / sum of unions, object and background (family B)",
    "iou_dataset": "the same of the object alone",
    "f_dataset": "F of the summed counts, object and background (family B)",
    "f_dataset_object": "the same of the object alone",
    "silent_area": "masked share of the frames whose truth is empty",
    "silent_any": "share of those frames with a mask over 1 % of the picture",
    "calibration_error": "expected calibration error of the soft map, 15 bins",
    "videos": "videos scored",
    "frames": "frames scored",
    "silent_frames": "frames whose truth is empty",
}

SEMANTIC = {
    "miou": "mean IoU over classes, padded frames left out (family A, AVSBench-semantic)",
    "f": "mean F over classes, padded frames left out (family A)",
    "j_and_f": "mean of miou and f",
    "miou_no_background": "miou without class 0",
    "f_no_background": "f without class 0",
    "miou_legacy": "miou as released: padded frames count as background",
    "f_legacy": "f as released",
    "miou_legacy_no_last": "the released 'no background' score, which drops the last class",
    "f_legacy_no_last": "the same for f",
    "miou_dataset": "sum of intersections / sum of unions, mean over classes met (family B)",
    "f_dataset": "F of the summed counts, mean over classes met (family B)",
    "videos": "videos scored",
    "frames": "frames scored",
}
