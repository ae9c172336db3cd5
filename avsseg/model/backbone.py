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
