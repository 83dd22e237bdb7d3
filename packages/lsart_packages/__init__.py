"""Sample security packages. They are loaded like anyone's; nothing in lsart knows them."""
