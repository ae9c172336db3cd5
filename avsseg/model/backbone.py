"""The visual encoder: four maps at strides 4, 8, 16 and 32 from any timm backbone."""

from torch import Tensor, nn

from avsseg.errors import ConfigError
from avsseg.torchvision_guard import ensure_torchvision

STRIDES = (4, 8, 16, 32)


class Backbone(nn.Module):
    """F_1..F_4 of the paper (section III-C), by timm's feature interface.

    Shapes:
        frames (N, 3, H, W) normalised -> four maps (N, c_l, H / 2^(l+1), W / 2^(l+1))
    """

    def __init__(self, name: str, drop_path: float = 0.0) -> None:
        super().__init__()
        ensure_torchvision()
        import timm

        if not timm.is_model(name):
            raise ConfigError(f"timm has no backbone {name!r}; see timm.list_models().")
        options = {"drop_path_rate": drop_path} if drop_path else {}  # not every family knows it
        self.net = timm.create_model(name, features_only=True, pretrained=False, **options)
        reductions = self.net.feature_info.reduction()
        if not set(STRIDES) <= set(reductions):
            raise ConfigError(
                f"{name} has maps at strides {reductions}; 4, 8, 16 and 32 are needed."
            )
        self._levels = [reductions.index(s) for s in STRIDES]
        channels = self.net.feature_info.channels()
        self.channels: list[int] = [channels[i] for i in self._levels]

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Encodes frames; see the class for shapes."""
        maps = self.net(frames)
        return [maps[i] for i in self._levels]

    def resume(self, maps: list[Tensor]) -> list[Tensor]:
        """All four maps from the finest of them, as stored of an earlier pass; EfficientNets only.

        Shapes:
            one to four maps (N, c_l, h, w) -> four

        Raises:
            ConfigError: the backbone is of another family.
        """
        if len(maps) == len(STRIDES):
            return maps
        names = [self.net.feature_info.module_name(level) for level in self._levels]
        if not all(name.startswith("blocks.") for name in names):
            raise ConfigError("only an EfficientNet can go on from stored maps; store all four.")
        ends = [int(name.split(".")[1]) for name in names]
        found, x = list(maps), maps[-1]
        for start, end in zip(ends[len(maps) - 1 :], ends[len(maps) :], strict=False):
            for number in range(start + 1, end + 1):
                x = self.net.blocks[number](x)
            found.append(x)
        return found
